// A node's gRPC, as far as x/upgrade goes: a real server on the loopback that speaks CurrentPlan.
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { QueryCurrentPlanRequest, QueryCurrentPlanResponse } from 'cosmjs-types/cosmos/upgrade/v1beta1/query';
import { Plan } from 'cosmjs-types/cosmos/upgrade/v1beta1/upgrade';

export interface UpgradeServer {
  /** host:port */
  readonly address: string;
  readonly calls: () => number;
  readonly close: () => void;
}

/** `silent`: it takes calls and never answers. */
export type Answer =
  { readonly name: string; readonly height: bigint; readonly info?: string } | 'no plan' | 'silent' | 'bytes';

export async function startUpgradeServer(answer: Answer, { serves = true } = {}): Promise<UpgradeServer> {
  const server = new Server();
  let calls = 0;
  const handler = (_: ServerUnaryCall<QueryCurrentPlanRequest, Answer>, reply: sendUnaryData<Answer>): void => {
    calls += 1;
    if (answer !== 'silent') reply(null, answer);
  };
  if (serves) server.addService(service, { CurrentPlan: handler });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, calls: () => calls, close: () => server.forceShutdown() };
}

const service = {
  CurrentPlan: {
    path: '/cosmos.upgrade.v1beta1.Query/CurrentPlan',
    requestStream: false,
    responseStream: false,
    requestSerialize: (request: QueryCurrentPlanRequest) =>
      Buffer.from(QueryCurrentPlanRequest.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => QueryCurrentPlanRequest.decode(bytes),
    responseSerialize: encode,
    responseDeserialize: () => 'silent' as const,
  },
};

function encode(answer: Answer): Buffer {
  if (answer === 'bytes') return Buffer.from([0x0a, 0xff, 0xff, 0xff]); // a field that is longer than the message
  const message = typeof answer === 'string' ? {} : { plan: Plan.fromPartial(answer) };
  return Buffer.from(QueryCurrentPlanResponse.encode(QueryCurrentPlanResponse.fromPartial(message)).finish());
}
