// A program on a terminal of its own: python3 makes the pty, in whose foreground the program runs.
import { spawnSync } from 'node:child_process';

export type TerminalStep = { readonly until: string } | { readonly type: string } | { readonly hangUp: true };

const driver = `
import fcntl, json, os, pty, select, struct, sys, termios, time
command, steps, columns = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
pid, master = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
said, seen, deadline = b'', 0, time.time() + 50
def read(wait):
    global said
    try:
        if not select.select([master], [], [], wait)[0]: return True
        data = os.read(master, 65536)
    except OSError: return False
    said += data
    return data != b''
for step in steps:
    if 'until' in step:
        text = step['until'].encode()
        while said.find(text, seen) < 0:
            if time.time() > deadline or not read(0.1):
                sys.stderr.write('no %r in %r' % (text, said)); os.kill(pid, 9); sys.exit(1)
        seen = said.find(text, seen) + len(text)
    elif 'type' in step: os.write(master, step['type'].encode())
    else: os.close(master)
while time.time() < deadline and read(0.1): pass
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
print(json.dumps({'status': code if code >= 0 else 128 - code, 'output': said.decode(errors='replace')}))
`;

/**
 * Runs a program on a terminal of 24 lines, goes through the steps (wait for a text, type, close the terminal), waits for its end.
 * @returns its status as a shell tells it, and all that it wrote to the terminal
 */
export function onTerminal(
  command: readonly string[],
  steps: readonly TerminalStep[],
  { environment, cwd, columns = 100 }: { environment: NodeJS.ProcessEnv; cwd: string; columns?: number },
): { readonly status: number; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    'python3',
    ['-c', driver, JSON.stringify(command), JSON.stringify(steps), String(columns)],
    { cwd, encoding: 'utf8', env: { ...environment, TERM: 'xterm-256color' } },
  );
  if (status !== 0) throw new Error(`the driver of the terminal ended with ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as { status: number; output: string };
}
