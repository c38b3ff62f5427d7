// The chain's next upgrade plan, asked of a node by gRPC (cosmos/upgrade/v1beta1/query.proto: rpc CurrentPlan, the same since
// the 0.40 line). Never a part of `run`'s process: the library costs as much memory as the whole supervisor.
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { QueryCurrentPlanRequest, QueryCurrentPlanResponse } from 'cosmjs-types/cosmos/upgrade/v1beta1/query';

import { CvtoolError } from '../errors/cvtool-error.js';
import { formatGrpcAddress, isLoopback, type GrpcAddress } from './grpc-address.js';

export interface CurrentPlan {
  /** As the chain spells it. */
  readonly name: string;
  readonly height: number;
  readonly info: string;
}

const method = '/cosmos.upgrade.v1beta1.Query/CurrentPlan';

/** Milliseconds, as cosmovisor's. */
const usualLimit = 10_000;

/**
 * @param limit milliseconds until the answer must be there
 * @returns undefined where the chain has no plan
 * @throws NODE_UNREACHABLE where the node does not answer in time, or with something else
 */
export async function queryCurrentPlan(address: GrpcAddress, limit = usualLimit): Promise<CurrentPlan | undefined> {
  const client = new Client(
    formatGrpcAddress(address),
    address.tls ? credentials.createSsl() : credentials.createInsecure(),
    {
      'grpc.service_config_disable_resolution': 1, // no look-up of a TXT record beside the address
      'grpc.enable_http_proxy': isLoopback(address) ? 0 : 1,
    },
  );
  try {
    const { plan } = await ask(client, limit);
    if (plan === undefined) return undefined;
    const height = Number(plan.height);
    if (plan.name === '' || !Number.isSafeInteger(height) || height <= 0) {
      throw unreachable(address, `its plan is none: name ${JSON.stringify(plan.name)}, height ${plan.height}`);
    }
    return { name: plan.name, height, info: plan.info };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    throw unreachable(address, reasonOf(error, limit), error);
  } finally {
    client.close();
  }
}

function ask(client: Client, limit: number): Promise<QueryCurrentPlanResponse> {
  const encode = (): Buffer => Buffer.from(QueryCurrentPlanRequest.encode({}).finish());
  const decode = (bytes: Buffer): QueryCurrentPlanResponse => QueryCurrentPlanResponse.decode(bytes);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method, encode, decode, {}, { deadline: Date.now() + limit }, (error, answer) => {
      if (error !== null) reject(error);
      else if (answer === undefined) reject(new Error('gRPC gave neither an answer nor an error'));
      else resolve(answer);
    });
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && typeof error.code === 'number';
}

/** The cause alone, in the words of the system. */
function reasonOf({ code, details }: ServiceError, limit: number): string {
  if (code === status.DEADLINE_EXCEEDED) return `no answer within ${limit / 1000} s`;
  const system = causes.get(/\bE[A-Z]{4,}\b/.exec(details)?.[0] ?? '');
  const [, said] =
    /Last error: (?:Error: )?([^]*?)(?: \([-\dT:.Z]+\))?\.?\s*(?:Resolution note: )?$/.exec(details) ?? [];
  return `${system ?? (said ?? details).slice(0, longest)} (${nameOf(code)})`;
}

/** Characters of what a server says. */
const longest = 300;

const causes = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['ENOTFOUND', 'no such host'],
  ['EHOSTUNREACH', 'no route to host'],
  ['ENETUNREACH', 'network is unreachable'],
  ['ETIMEDOUT', 'connection timed out'],
]);

/** `Unavailable`, as Go writes it. */
function nameOf(code: status): string {
  const words = status[code].toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function unreachable(address: GrpcAddress, why: string, cause?: unknown): CvtoolError {
  const message = `failed to query current upgrade plan: the node's gRPC at ${formatGrpcAddress(address)}: ${why}`;
  return new CvtoolError('NODE_UNREACHABLE', message, {
    hint: 'DAEMON_GRPC_ADDRESS must be where the node serves gRPC: section [grpc] of its config/app.toml, `enable` and `address`.',
    cause,
  });
}
