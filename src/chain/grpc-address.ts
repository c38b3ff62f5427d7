// DAEMON_GRPC_ADDRESS. cosmovisor means an address with https:// to be asked over TLS, and then cannot dial it.
import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

export interface GrpcAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** @param text `host:port`, or with http:// or tcp:// before it the same, or https:// (the port is then 443 where it is left out) @throws CONFIG_INVALID */
export function parseGrpcAddress(text: string): GrpcAddress {
  const [, scheme = '', bracketed, plain = '', written] =
    /^(?:([a-z]+):\/\/)?(?:\[([0-9a-fA-F:.%\w]+)\]|([^:/?#@[\]\s]+)?)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = written === undefined ? (scheme === 'https' ? 443 : 0) : Number(written);
  if (host === '' || port < 1 || port > 65535 || !['', 'http', 'tcp', 'https'].includes(scheme)) {
    throw new CvtoolError('CONFIG_INVALID', `DAEMON_GRPC_ADDRESS must be host:port, got ${quoted(text)}`, {
      hint: "It is the `address` in the section [grpc] of the node's config/app.toml, such as localhost:9090; https://host:port asks over TLS.",
    });
  }
  return { host, port, tls: scheme === 'https' };
}

/** No proxy lies on the way to this host itself, whatever http_proxy says (as in Go, net/http: ProxyFromEnvironment). */
export function isLoopback({ host }: GrpcAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** As a target of gRPC, and as people write it. */
export function formatGrpcAddress({ host, port }: GrpcAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
