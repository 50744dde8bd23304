import type { Client } from 'undici';
import symbols from 'undici/lib/core/symbols.js';

/** The parts of undici's parser that are used here. Each connection has its own parser. */
interface Parser {
  statusCode: number | null;
  headers: Buffer[];
  headersSize: number;
  onHeadersComplete(status: number, isUpgrade: boolean, shouldKeepAlive: boolean): number;
}

/** The return value that makes undici's parser expect no body. */
const PARSER_SKIPS_BODY = 1;

/**
 * Makes a newly connected client skip answers with status 1xx. By default, undici treats 100 as an
 * error, and any 1xx answer to CONNECT as final. 101 stays an error.
 */
export function skipInformationalResponses(client: Client): void {
  const parser: Parser = Object(client)[symbols.kSocket][symbols.kParser];
  const onFinal = parser.onHeadersComplete;
  parser.onHeadersComplete = function (status, isUpgrade, shouldKeepAlive) {
    if (status < 100 || status > 199 || isUpgrade) {
      return onFinal.call(this, status, isUpgrade, shouldKeepAlive);
    }
    this.statusCode = status;
    this.headers = [];
    this.headersSize = 0;
    return PARSER_SKIPS_BODY;
  };
}
