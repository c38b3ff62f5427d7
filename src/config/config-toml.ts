// The config.toml that `init` leaves (cosmovisor, args.go: Export): a line for each of cosmovisor's variables, in the table's order, in
// the forms of 1.6, which reads it too. Ours are added only where they say something.
import { fields, tomlKey, variables, type Field, type Values } from './variables.js';

/** @returns the file's content */
export function configToml(values: Values): string {
  const isSaid = (field: Field): boolean => {
    const row = variables[field];
    return !row.name.startsWith('CVTOOL_') || ('default' in row && row.default !== values[field]);
  };
  return fields
    .filter(isSaid)
    .map((field) => `${tomlKey(variables[field].name)} = ${tomlForm(field, values[field])}\n`)
    .join('');
}

/** A duration is written in nanoseconds; what is not set as 0 or ''. */
function tomlForm(field: Field, value: Values[Field]): string {
  if (value === undefined) return variables[field].kind === 'duration' ? '0' : "''";
  if (typeof value !== 'string') return value.toString();
  return /['\x00-\x08\x0a-\x1f\x7f]/.test(value) ? JSON.stringify(value).replace(/\x7f/g, '\\u007f') : `'${value}'`;
}
