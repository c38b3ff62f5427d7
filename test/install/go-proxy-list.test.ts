import { describe, expect, test } from 'vitest';

import { parseGoProxies } from '../../src/install/go-proxy-list.js';

/** As one would write it down: `|` behind what is followed after any error. */
function spelled(text: string): string[] {
  return parseGoProxies(text).map((proxy) =>
    proxy.kind === 'proxy' ? `${proxy.url.href}${proxy.nextAfter === 'any error' ? ' |' : ''}` : proxy.kind,
  );
}

test.each([
  ['https://a.example,https://b.example/x', ['https://a.example/', 'https://b.example/x']],
  ['https://a.example|https://b.example', ['https://a.example/ |', 'https://b.example/']],
  ['https://a.example , http://b.example |direct', ['https://a.example/', 'http://b.example/ |', 'direct']],
  ['a.example', ['https://a.example/']],
  ['a.example/go,off', ['https://a.example/go', 'off']],
  ['file:///srv/go%20proxy,direct', ['file:///srv/go%20proxy', 'direct']],
  ['direct,https://never.example', ['direct']],
  ['off', ['off']],
  [',,|', []],
  ['', []],
])('%j', (text, expected) => {
  expect(spelled(text)).toEqual(expected);
});

describe('what the go command refuses too', () => {
  test.each([
    'nothing',
    '/srv/proxy',
    'ftp://a.example',
    'file://host/srv',
    'file:///srv?x',
    'https://',
    'ssh://a.example',
  ])('%s', (text) => {
    expect(() => parseGoProxies(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
