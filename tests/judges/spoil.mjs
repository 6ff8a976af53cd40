// Judges the judges: spoils a sample (sample.mjs), so that each judge can be shown to refuse it.
//
//   node spoil.mjs DIRECTORY
//
// In one credential of the directory the title becomes another, in the JSON and in the token; the proof and the signature stay.

import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const directory = process.argv[2];
const [name] = readdirSync(directory).filter(entry => existsSync(join(directory, entry, 'credential.json')));
const spoil = text => {
  const spoilt = text.replaceAll('amélioration continue', 'amélioration soudaine');
  if(spoilt === text) {
    throw new Error(`${name} has no such title`);
  }
  return spoilt;
};
edit('credential.json', spoil);
edit('credential.jwt', token => {
  const [header, payload, signature] = token.split('.');
  return [header, Buffer.from(spoil(Buffer.from(payload, 'base64url').toString())).toString('base64url'), signature].join('.');
});

function edit(file, change) {
  const path = join(directory, name, file);
  if(existsSync(path)) {
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }
}
