declare module '*.yml' {
  /** Returns the text of `--help`, which the build makes from the module's documentation. */
  const help: () => string;
  export default help;
}
