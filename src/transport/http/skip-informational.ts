import type { Client } from 'undici';
import symbols from 'undici/lib/core/symbols.js';

/** The parser of one connection of undici's, as far as it is changed here. */
interface Parser {
  statusCode: number | null;
  headers: Buffer[];
  headersSize: number;
  onHeadersComplete(status: number, isUpgrade: boolean, shouldKeepAlive: boolean): number;
}

/** Says to the parser that no body follows. */
const NO_BODY = 1;

/**
 * Has a client that has just connected skip answers of status 1xx. By itself undici takes 100 for an
 * error, and any such answer to CONNECT for the final one. A change of protocol stays an error.
 */
export function skipInformational(client: Client): void {
  const parser: Parser = Object(client)[symbols.kSocket][symbols.kParser];
  const onFinal = parser.onHeadersComplete;
  parser.onHeadersComplete = function (status, isUpgrade, shouldKeepAlive) {
    if (status < 100 || status > 199 || isUpgrade) {
      return onFinal.call(this, status, isUpgrade, shouldKeepAlive);
    }
    this.statusCode = status;
    this.headers = [];
    this.headersSize = 0;
    return NO_BODY;
  };
}
