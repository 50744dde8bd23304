/** Something taken out of JumpCloud: the system itself, or one of its edges. */
export interface Removed {
  readonly type: string;
  readonly id: string;
}
