// Imported by import() only, after the flags of V8 are set: undici compiles its parser when it is loaded.
import Client from 'undici/lib/dispatcher/client.js';

export { Client };
