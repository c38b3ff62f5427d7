// Which Go a tag says it is built with, where the recipe does not know the tag.
import { expect, test } from 'vitest';

import { goOfDockerfile, goOfModule } from '../../src/stage/steps/resolve.js';

test.each([
  ['FROM golang:1.19.2-bullseye AS build-env\n', '1.19.2'],
  ['FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.22.0\n', '1.22.0'],
  ['ARG GO_VERSION="1.21.5"\nFROM golang:${GO_VERSION}-alpine\n', '1.21.5'],
  ['FROM golang:${GO:-1.20.1}\n', '1.20.1'],
  ['from golang:1.18\n', '1.18'],
  ['FROM debian:bookworm\nFROM golang:1.23.4\n', '1.23.4'],
  ['FROM golang:latest\n', undefined],
  ['# FROM golang:1.19.2\n', undefined],
  ['', undefined],
])('a Dockerfile: %j', (text, version) => {
  expect(goOfDockerfile(text)).toBe(version);
});

test.each([
  ['module x\n\ngo 1.19\n', { version: '1.19', line: 'go' }],
  ['go 1.21.0\n\ntoolchain go1.22.3\n', { version: '1.22.3', line: 'toolchain' }],
  ['go 1.21.0\ntoolchain default\n', { version: '1.21.0', line: 'go' }],
  ['module x\n', undefined],
])('go.mod: %j', (text, answer) => {
  expect(goOfModule(text)).toEqual(answer);
});
