// The baseline of `npm run bench`: one signed GET over TLS with built-in modules, without any
// check.
'use strict';
const { sign } = require('node:crypto');
const { readFileSync } = require('node:fs');
const https = require('node:https');

const options = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { systemKey } = JSON.parse(readFileSync(`${options.agent_dir}/jcagent.conf`, 'utf8'));
const key = readFileSync(`${options.agent_dir}/client.key`, 'utf8');
const path = `/api/systems/${systemKey}`;
const date = new Date().toUTCString();
const text = Buffer.from(`GET ${path} HTTP/1.1\ndate: ${date}`);
const signature = sign('sha256', text, key).toString('base64');
const authorization = `Signature keyId="system/${systemKey}",headers="request-line date",algorithm="rsa-sha256",signature="${signature}"`;
// Accepts the emulator's unknown CA. Node.js still reads its bundled CAs, as in every program.
const request = { headers: { date, authorization }, rejectUnauthorized: false };
https.get(options.api_url + path, request, (response) => {
  let body = '';
  response.on('data', (chunk) => {
    body += chunk;
  });
  response.on('end', () => {
    const changed = JSON.parse(body).displayName !== options.display_name;
    console.log(JSON.stringify({ changed }));
  });
});
