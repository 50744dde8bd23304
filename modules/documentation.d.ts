declare module '*.yml' {
  /** Gives the text of `--help`, made from the module's documentation when the module is built. */
  const help: () => string;
  export default help;
}
