// Asks real Go: one program, all questions in one batch.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param imports packages that `body` uses
 * @param body of `func answer(question string) string`
 * @returns the answer to each question, in their order
 */
export function askGo(imports: readonly string[], body: string, questions: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'cvtool-ask-go-'));
  try {
    writeFileSync(join(folder, 'go.mod'), 'module ask\n\ngo 1.21\n');
    writeFileSync(join(folder, 'main.go'), program(imports, body));
    const { status, stdout, stderr } = spawnSync('go', ['run', '.'], {
      cwd: folder,
      encoding: 'utf8',
      input: JSON.stringify(questions),
      maxBuffer: 1 << 28,
      env: { ...process.env, GOENV: 'off', GOFLAGS: '', GOTOOLCHAIN: 'local', GOWORK: 'off' },
    });
    if (status !== 0) throw new Error(`go run: ${stderr}`);
    return JSON.parse(stdout) as string[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function program(imports: readonly string[], body: string): string {
  return `package main

import (
${['encoding/json', 'os', ...imports].map((name) => `\t"${name}"`).join('\n')}
)

func answer(question string) string {
${body}
}

func main() {
	var questions []string
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := []string{}
	for _, question := range questions {
		answers = append(answers, answer(question))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
`;
}
