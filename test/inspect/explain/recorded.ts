// Lines that real programs wrote, and the spec's words for what none would write here. panacead of v2.0.1, v2.0.5, v2.0.7-2 and
// v2.2.0-1 wrote those with a time; a single-validator chain was led through and into each of them.
export interface Recorded {
  readonly id: string;
  readonly line: string;
  readonly found?: Readonly<Record<string, string>>;
}

const esc = '\x1b';
const upgrade = { name: 'v2.0.7', height: '32' };

export const recorded: readonly Recorded[] = [
  {
    id: 'upgrade-needed',
    line: `${esc}[90m4:21AM${esc}[0m ${esc}[1m${esc}[31mERR${esc}[0m${esc}[0m UPGRADE "v2.0.7" NEEDED at height: 32: `,
    found: upgrade,
  },
  {
    id: 'upgrade-needed',
    line: `${esc}[90m4:21AM${esc}[0m ${esc}[1m${esc}[31mERR${esc}[0m${esc}[0m CONSENSUS FAILURE!!! ${esc}[36merr=${esc}[0m"UPGRADE \\"v2.0.7\\" NEEDED at height: 32: " ${esc}[36mmodule=${esc}[0mconsensus ${esc}[36mstack=${esc}[0m"goroutine 69 [running]:\\nruntime/debug.Stack()\\n\\truntime/debug/stack.go:24 +0x65\\n"`,
    found: upgrade,
  },
  { id: 'upgrade-needed', line: 'panic: UPGRADE "v2.0.7" NEEDED at height: 32: ', found: upgrade },
  {
    id: 'upgrade-needed',
    line: '{"level":"error","time":"2026-11-25T04:21:32Z","message":"UPGRADE \\"v2.0.7\\" NEEDED at height: 32: "}',
    found: upgrade,
  },
  {
    id: 'upgrade-needed', // x/upgrade of 0.42, for a plan by time
    line: 'ERR UPGRADE "v2.0.2" NEEDED at time: 2021-10-01T07:00:00Z: {"binaries":{"linux/amd64":"https://example.org/x"}}',
    found: { name: 'v2.0.2', time: '2021-10-01T07:00:00Z' },
  },
  {
    id: 'upgrade-needed',
    line: 'Error: the binary of v2.1.0 ended with exit status 2 after it had written that very plan again: it has no handler for it',
    found: { name: 'v2.1.0', again: 'written that very plan again' },
  },
  {
    id: 'updated-too-early',
    line: '4:21AM ERR BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2.0.7" - in binary but not executed on chain',
    found: { name: 'v2.0.7' },
  },
  {
    id: 'updated-too-early',
    line: 'panic: BINARY UPDATED BEFORE TRIGGER! UPGRADE "v1.6.1" - in binary but not executed on chain. Downgrade your binary',
    found: { name: 'v1.6.1' },
  },
  {
    id: 'wrong-app-version',
    line: 'panic: Wrong app version 0, upgrade handler is missing for v0.4.11 upgrade plan',
    found: { version: '0', name: 'v0.4.11' },
  },
  {
    id: 'wrong-app-version',
    line: 'ERR CONSENSUS FAILURE!!! err="wrong app version 3, upgrade handler is missing for v2.3.0 upgrade plan"',
    found: { version: '3', name: 'v2.3.0' },
  },
  { id: 'upgrade-skipped', line: '4:21AM INF UPGRADE "v2.0.7" SKIPPED at 32: ', found: upgrade },
  { id: 'upgrade-applied', line: '4:20AM INF applying upgrade "v2.0.7" at height: 32 module=server', found: upgrade },
  {
    id: 'plan-not-written',
    line: '4:22AM ERR CONSENSUS FAILURE!!! err="unable to write upgrade info to filesystem: open /home/val/.panacea/data/upgrade-info.json: is a directory" module=consensus stack="goroutine 73"',
    found: { why: 'open /home/val/.panacea/data/upgrade-info.json: is a directory' },
  },
  {
    id: 'plan-not-written',
    line: 'panic: unable to write upgrade info to filesystem: open /x/data/upgrade-info.json: permission denied',
    found: { why: 'open /x/data/upgrade-info.json: permission denied' },
  },
  {
    id: 'plan-not-read',
    line: 'panic: Failed to register upgradeHandler: unexpected end of JSON input',
    found: { why: 'unexpected end of JSON input' },
  },
  {
    id: 'plan-not-read',
    line: 'panic: failed to read upgrade info from disk unexpected end of JSON input',
    found: { why: 'unexpected end of JSON input' },
  },
  { id: 'pre-upgrade-failed', line: 'Error: pre-upgrade command failed : exit status 30', found: {} },
  {
    id: 'store-mismatch',
    line: `4:20AM ERR error on loading last version err="failed to load latest version: version of store consensus mismatch root store's version; expected 29 got 0; new stores should be added using StoreUpgrades" module=server`,
    found: { store: 'consensus', expected: '29' },
  },
  {
    id: 'app-hash',
    line: 'ERR Error in validation err="wrong Block.Header.AppHash.  Expected 53156059FF, got 0A492CEEDA" module=blockchain',
    found: { expected: '53156059FF', got: '0A492CEEDA' },
  },
  { id: 'app-hash', line: 'panic: state.AppHash does not match AppHash after replay. Got', found: {} },
  { id: 'database-locked', line: 'Error: failed to initialize database: resource temporarily unavailable', found: {} },
  { id: 'database-locked', line: 'panic: resource temporarily unavailable', found: {} },
  {
    id: 'database-locked',
    line: 'Error: IO error: While lock file: /x/data/application.db/LOCK: Resource temporarily unavailable',
    found: {},
  },
  { id: 'wasm-locked', line: 'panic: Could not open exclusive.lock', found: {} },
  {
    id: 'address-in-use',
    line: 'Error: failed to listen on 127.0.0.1:27657: listen tcp 127.0.0.1:27657: bind: address already in use',
    found: { address: '127.0.0.1:27657', port: '27657' },
  },
  {
    id: 'setting-refused',
    line: 'Error: set min gas price in app.toml or flag or env variable: error in app.toml',
    found: { text: 'set min gas price in app.toml or flag or env variable' },
  },
  {
    id: 'setting-refused',
    line: 'Error: unknown db_backend rocksdb, expected one of goleveldb,memdb',
    found: { text: 'unknown db_backend rocksdb,' },
  },
  {
    id: 'setting-refused',
    line: 'Error: unknown flag: --fast_sync',
    found: { text: 'unknown flag: --fast_sync', flag: '--fast_sync' },
  },
  {
    id: 'not-staged',
    line: 'Error: binary not present, downloading disabled: stat /h/cosmovisor/upgrades/v2.2.0/bin/panacead: no such file or directory',
    found: { path: '/h/cosmovisor/upgrades/v2.2.0/bin/panacead', folder: 'v2.2.0' },
  },
  {
    id: 'download-failed',
    line: "Error: upgrade v2.2.0 at height 10: cannot download binary. error downloading 'http://127.0.0.1:9/a': connection refused (127.0.0.1:9)",
    found: { name: 'v2.2.0', why: "error downloading 'http://127.0.0.1:9/a': connection refused (127.0.0.1:9)" },
  },
  {
    id: 'download-failed', // cosmovisor 1.4.0
    line: 'Error: cannot download binary. downloading reference link http://127.0.0.1:8000/info: bad response code: 404',
    found: { why: 'downloading reference link http://127.0.0.1:8000/info: bad response code: 404' },
  },
  {
    id: 'download-failed', // cosmovisor 1.7.1
    line: "Error: error downloading 'http://127.0.0.1:8000/a': bad response code: 404",
    found: { why: "error downloading 'http://127.0.0.1:8000/a': bad response code: 404" },
  },
  {
    id: 'wasmvm-mismatch',
    line: 'Error: libwasmversion mismatch. got: 1.2.4; expected: v1.3.0',
    found: { got: '1.2.4', expected: 'v1.3.0' },
  },
  {
    id: 'library-missing', // musl
    line: 'Error loading shared library libwasmvm.so: No such file or directory (needed by /usr/bin/panacead)',
    found: { library: 'libwasmvm.so' },
  },
  {
    id: 'symbol-missing', // musl
    line: 'Error relocating /usr/bin/panacead: version_str: symbol not found',
    found: { file: '/usr/bin/panacead', symbol: 'version_str' },
  },
  {
    id: 'out-of-memory',
    line: 'Nov 25 04:18:15 val-1 kernel: Out of memory: Killed process 4711 (panacead) total-vm:33554432kB, anon-rss:16000000kB',
    found: { pid: '4711', process: 'panacead' },
  },
  {
    id: 'out-of-memory',
    line: "Nov 25 04:18:15 val-1 systemd[1]: panacead.service: Failed with result 'oom-kill'.",
    found: {},
  },
  {
    id: 'ended',
    line: 'Nov 25 04:18:15 val-1 systemd[1]: panacead.service: Main process exited, code=exited, status=127/n/a',
    found: { status: '127' },
  },
  {
    id: 'ended',
    line: 'Nov 25 04:18:15 val-1 systemd[1]: panacead.service: Main process exited, code=killed, status=9/KILL',
    found: { signal: 'KILL' },
  },
  {
    id: 'not-executable',
    line: 'panacead.service: Main process exited, code=exited, status=203/EXEC',
    found: {},
  },
  { id: 'ended', line: 'Error: panacead ended with exit status 137', found: { status: '137' } },
  { id: 'ended', line: 'Error: panacead was ended by SIGKILL', found: { signal: 'SIGKILL' } },
  { id: 'ended', line: 'Error: exit status 2', found: { status: '2' } },
  { id: 'ended', line: 'Error: signal: killed', found: { word: 'killed' } },
  {
    id: 'consensus-failure',
    line: '4:20AM ERR CONSENSUS FAILURE!!! err="runtime error: index out of range [7] with length 1" module=consensus stack="goroutine 70 [running]:\\n"',
    found: { why: 'runtime error: index out of range [7] with length 1' },
  },
  {
    id: 'panic',
    line: 'panic: UnmarshalJSON cannot decode empty bytes',
    found: { why: 'UnmarshalJSON cannot decode empty bytes' },
  },
  { id: 'error', line: 'Error: account not found', found: { why: 'account not found' } },
];

/** What the same daemons say while all is well, also on their way down. */
export const harmless: readonly string[] = [
  '4:18AM INF starting ABCI with Tendermint',
  '4:18AM INF starting node with ABCI Tendermint in-process',
  '4:18AM INF ABCI Handshake App Info hash= height=29 module=consensus protocol-version=0 software-version=2.0.5',
  '4:18AM INF committed state app_hash=B694B11E height=29 module=state num_txs=0',
  '4:18AM INF executed block height=31 module=state num_invalid_txs=0 num_valid_txs=0',
  '4:18AM INF minted coins from module account amount=13318umed from=mint module=x/bank',
  '4:18AM ERR Stopped accept routine, as transport is closed module=p2p numPeers=0',
  '4:18AM ERR Error serving server err="accept tcp 127.0.0.1:27657: use of closed network connection"',
  '      --unsafe-skip-upgrades ints                       Skip a set of upgrade heights to continue the old binary',
  'Nov 25 04:18:15 val-1 systemd[1]: panacead.service: Main process exited, code=exited, status=0/SUCCESS',
  '4:18AM INF exiting...',
];
