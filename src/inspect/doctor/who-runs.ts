// Who will run the node, and with which settings: the unit that names this home, else this shell.
import type { Environment } from '../../config/environment.js';
import { userHome } from '../../config/folders.js';
import { readVariables, type VariableProblem } from '../../config/supervisor-config.js';
import type { Values } from '../../config/variables.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { findServices, unitFolders } from '../../host/systemd-units.js';
import { findUser, ourselves, type User } from '../../host/users.js';
import { flagValue } from '../../supervisor/arguments.js';
import type { Examination } from './examination.js';
import { homeUnit, type HomeUnit, isSameFolder } from './home-unit.js';
import { row, type Row } from './row.js';
import { judgeUnit } from './service.js';

/** What will run the node: a unit, else this shell. */
export interface Setting {
  readonly unit: HomeUnit | undefined;
  readonly environment: Environment;
  readonly arguments: readonly string[];
  readonly user: User;
  readonly values: Partial<Values>;
  readonly problems: readonly VariableProblem[];
}

/** The unit that runs this home, and what is to be said of it. */
export async function settingOf({
  environment,
  home,
  recipe,
  own,
}: Examination): Promise<{ setting: Setting; unitRows: Row[] }> {
  const places = unitFolders(userHome(environment), environment.SYSTEMD_UNIT_PATH);
  const quoted = [home.daemon, home.root].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const services = findServices(places, new RegExp(['cosmovisor', 'cvtool', ...quoted].join('|')));
  const all = services.flatMap(
    (unit) => homeUnit(unit, { daemon: home.daemon, homeBelow: recipe.home, findUser, own }) ?? [],
  );
  const here = all.filter((each) => each.home !== undefined && isSameFolder(each.home, home.root));
  const defaults = () => ({ home: home.root, daemon: home.daemon });
  const judged = await Promise.all(
    here.map(async (each) => {
      const set = Object.fromEntries(Object.entries(each.unit.environment).filter(([, value]) => value !== ''));
      const configFile = flagValue(each.unit.exec, '--cosmovisor-config');
      return { each, set, ...(await variablesOf(set, configFile, defaults)) };
    }),
  );
  const [first] = judged;
  if (first === undefined) {
    const read = await variablesOf(
      { ...environment, DAEMON_HOME: home.root, DAEMON_NAME: home.daemon },
      undefined,
      defaults,
    );
    const others = all.map(({ unit, home: at }) => `${unit.name} (${at ?? 'its home is not known'})`);
    const text = `no systemd unit runs this home${others.length === 0 ? '' : `; there are ${others.join(', ')}`}`;
    const rows = [row('unit', 'unknown', text, 'Where systemd is to run it: cvtool doctor --print-unit')];
    rows.push(...read.problems.map(({ error }) => row('variables', 'fail', error.message, error.hint)));
    return { setting: { unit: undefined, environment, arguments: [], user: ourselves(), ...read }, unitRows: rows };
  }
  const { each, set, values, problems } = first;
  const unitRows = judged.flatMap((one) =>
    judgeUnit(one.each, { home: home.root, values: one.values, problems: one.problems }),
  );
  if (judged.length > 1) {
    const names = judged.map((one) => one.each.unit.name).join(' and ');
    unitRows.push(
      row(
        'unit',
        'fail',
        `${names} run this home: two nodes with one key sign twice`,
        'systemctl disable --now all but one of them.',
      ),
    );
  }
  const user = each.user ?? ourselves();
  return { setting: { unit: each, environment: set, arguments: each.arguments, user, values, problems }, unitRows };
}

/** A config.toml that cannot be read is a problem of its own. */
async function variablesOf(
  environment: Environment,
  configFile: string | undefined,
  defaults: () => { home: string; daemon: string },
) {
  try {
    return await readVariables({ environment, configFile, defaults });
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return { values: {}, problems: [{ field: 'home' as const, error }] };
  }
}
