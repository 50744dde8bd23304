/** Requests, each with the exact text that is signed. */
export const vectors = [
  {
    name: 'a read',
    method: 'GET',
    path: '/api/systems/0123456789abcdef01234567',
    time: Date.UTC(2026, 10, 19, 8, 0, 0),
    date: 'Thu, 19 Nov 2026 08:00:00 GMT',
    text: 'GET /api/systems/0123456789abcdef01234567 HTTP/1.1\ndate: Thu, 19 Nov 2026 08:00:00 GMT',
  },
  {
    name: 'a read with a query, whose order and encoding are kept',
    method: 'GET',
    path: '/api/v2/systems/0123456789abcdef01234567/associations?targets=user&limit=100&skip=0&x=%2F%20+',
    time: Date.UTC(2024, 1, 29, 23, 59, 59, 999),
    date: 'Thu, 29 Feb 2024 23:59:59 GMT',
    text: 'GET /api/v2/systems/0123456789abcdef01234567/associations?targets=user&limit=100&skip=0&x=%2F%20+ HTTP/1.1\ndate: Thu, 29 Feb 2024 23:59:59 GMT',
  },
  {
    name: 'a write, whose body is not signed',
    method: 'POST',
    path: '/api/v2/systemgroups/0123456789abcdef01234567/members',
    time: Date.UTC(2026, 0, 1, 0, 0, 0),
    date: 'Thu, 01 Jan 2026 00:00:00 GMT',
    text: 'POST /api/v2/systemgroups/0123456789abcdef01234567/members HTTP/1.1\ndate: Thu, 01 Jan 2026 00:00:00 GMT',
  },
  {
    name: 'a request from a host whose clock was never set',
    method: 'DELETE',
    path: '/api/systems/ffffffffffffffffffffffff',
    time: 0,
    date: 'Thu, 01 Jan 1970 00:00:00 GMT',
    text: 'DELETE /api/systems/ffffffffffffffffffffffff HTTP/1.1\ndate: Thu, 01 Jan 1970 00:00:00 GMT',
  },
] as const;
