// Import this file with import() only, after the V8 flags are set: undici compiles its parser when
// it is loaded.
import Client from 'undici/lib/dispatcher/client.js';

export { Client };
