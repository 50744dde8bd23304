// undici is imported by parts, so that the executables carry an HTTP/1.1 client and nothing else;
// the package types only its front door.
declare module 'undici/lib/dispatcher/client.js' {
  export { Client as default } from 'undici';
}
declare module 'undici/lib/core/symbols.js' {
  const symbols: { readonly kParser: unique symbol; readonly kSocket: unique symbol };
  export default symbols;
}
