// For `node --require`: writes to the file LOADED_FILES which files the program had loaded when it ended.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.LOADED_FILES, JSON.stringify(files));
});
