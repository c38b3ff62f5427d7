// strictTypeChecked, and the rules of this project that can be seen in one file. What spans files stands in rooms.mjs.
import tseslint from 'typescript-eslint';

const printing = 'Only src/report/ prints: hand the text to it.';
const environment = 'Only src/config/environment.ts reads process.env: take the value as a parameter.';
const calling = 'Only the front (cli.ts, commands/, report/) reads process.argv: take the value as a parameter.';

const env = { object: 'process', property: 'env', message: environment };
const stdout = { object: 'process', property: 'stdout', message: printing };
const stderr = { object: 'process', property: 'stderr', message: printing };
const argv = { object: 'process', property: 'argv', message: calling };

/** A rule that is switched off carries its reason on that line: `// eslint-disable-next-line <rule> -- <reason>`. */
const reasoned = {
  create: ({ sourceCode, report }) => ({
    Program() {
      for (const comment of sourceCode.getAllComments()) {
        if (!/^\s*(eslint-disable|@ts-(ignore|expect-error|nocheck))/.test(comment.value)) continue;
        if (!/\s(--|:)\s+\S/.test(comment.value)) report({ loc: comment.loc, message: 'Say why: `-- <reason>`.' });
      }
    },
  }),
};

export default tseslint.config(
  { ignores: ['dist*/**', 'node_modules/**', 'coverage/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: `${import.meta.dirname}/..` } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { cvtool: { rules: { reasoned } } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off', // arrows that hand on a promise or a call read well
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/require-await': 'off', // a step is async by its type
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }], // code points are what is wanted here
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-control-regex': 'off', // hostile text is the normal case here
      'cvtool/reasoned': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', env, stdout, stderr, argv],
      'no-restricted-imports': [
        'error',
        {
          paths: ['process', 'node:process', 'console', 'node:console'].map((name) => ({
            name,
            message: 'Use the global, where the rules above see it.',
          })),
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration, Program > ExportNamedDeclaration[source]',
          message: 'No barrel files: import it from where it is made.',
        },
      ],
      'no-console': 'error',
    },
  },
  { files: ['src/report/**/*.ts'], rules: { 'no-restricted-properties': ['error', env] } },
  {
    files: ['src/cli.ts', 'src/commands/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', env, stdout, stderr] },
  },
  { files: ['src/config/environment.ts'], rules: { 'no-restricted-properties': ['error', stdout, stderr, argv] } },
  {
    files: ['test/**/*.ts', '.config/**/*.ts'],
    rules: {
      'no-restricted-exports': 'off', // vitest wants its settings as the default export
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'], // plain JavaScript: no types to check by
    ...tseslint.configs.disableTypeChecked,
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      'no-restricted-exports': 'off',
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
);
