import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { configToml } from '../../src/config/config-toml.js';
import { readValues } from '../../src/config/supervisor-config.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const defaults = () => ({ home: '/h', daemon: 'demod' });
const read = (environment: Record<string, string>, configFile?: string) =>
  readValues({ environment, configFile, defaults, folders: 'none' });

test("it has cosmovisor's seventeen lines, in its order and forms", async () => {
  expect(configToml(await read({}))).toBe(`daemon_home = '/h'
daemon_name = 'demod'
daemon_allow_download_binaries = false
daemon_download_must_have_checksum = false
daemon_restart_after_upgrade = true
daemon_restart_delay = 0
daemon_shutdown_grace = 0
daemon_poll_interval = 300000000
unsafe_skip_backup = false
daemon_data_backup_dir = '/h'
daemon_preupgrade_max_retries = 0
daemon_grpc_address = 'localhost:9090'
cosmovisor_disable_logs = false
cosmovisor_color_logs = true
cosmovisor_timeformat_logs = 'kitchen'
cosmovisor_custom_preupgrade = ''
cosmovisor_disable_recase = false
`);
});

test('what was set is read back, ours too, and text that TOML must escape', async () => {
  const values = await read({
    DAEMON_HOME: '/it\'s\\a "home"',
    DAEMON_RESTART_DELAY: '1ns',
    COSMOVISOR_CUSTOM_PREUPGRADE: "a\tb'\x7f\n\\",
    COSMOVISOR_TIMEFORMAT_LOGS: 'ansic',
    CVTOOL_LOG_FORMAT: 'json',
  });
  const file = join(scratch, 'config.toml');
  writeFileSync(file, configToml(values));
  expect(await read({}, file)).toEqual(values);
});
