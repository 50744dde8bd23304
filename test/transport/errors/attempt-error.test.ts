import { expect, test } from 'vitest';
import { toAttemptError } from '../../../src/transport/errors/attempt-error.ts';

/** The error of Node.js when a TLS alert arrives during a write. */
const WRITE_EPROTO =
  'write EPROTO 80DBC2:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps/openssl/ssl/record/rec_layer_s3.c:1605:SSL alert number 40\n';

test.each([
  [
    { code: 'EPROTO', message: WRITE_EPROTO },
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    /shares no cipher/,
  ],
  [{ code: 'EPROTO', message: 'write EPROTO' }, 'EPROTO', /does not speak TLS as expected/],
  [
    { code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' },
    undefined,
    /^it shares no cipher with Node\.js/,
  ],
  [{ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' }, undefined, /^it supports no TLS version/],
  [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, undefined, /does not speak TLS as expected/],
  [{ code: 'CERT_HAS_EXPIRED', message: 'certificate has expired' }, undefined, /^certificate has/],
  [{ code: 'PATH_LENGTH_EXCEEDED', message: 'path length exceeded' }, undefined, /^path length/],
  [{ code: 'ERROR_IN_CERT_NOT_AFTER_FIELD', message: 'format error' }, undefined, /^format error/],
  [{ code: 'UNSPECIFIED', message: 'certificate key too weak' }, undefined, /^certificate key/],
])('toAttemptError treats %j as a TLS failure', (error, reason, message) => {
  const failure = toAttemptError(error);
  expect(failure).toMatchObject({ kind: 'tls', reason: reason ?? error.code });
  expect(failure.message).toMatch(message);
  expect(failure.message).not.toMatch(/openssl|routines/);
});
