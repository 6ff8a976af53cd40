// Reads a Bitstring Status List (W3C, https://www.w3.org/TR/vc-bitstring-status-list/) independently of the service.

import {gunzipSync} from 'node:zlib';

const MINIMUM_BITS = 131072;

/**
 * Is the bit of this `credentialStatus` entry set in the list it names?
 *
 * @param {object} entry - A `BitstringStatusListEntry`.
 * @param {object} list - The `BitstringStatusListCredential` found at `entry.statusListCredential`; its proof is judged elsewhere.
 * @returns {boolean}
 * @throws {Error} If entry or list break the standard, so that no answer can be given.
 */
export function isSet(entry, list) {
  const subject = list.credentialSubject;
  must(entry.type === 'BitstringStatusListEntry', `unknown entry type ${entry.type}`);
  must(typeof entry.statusListIndex === 'string' && /^\d+$/.test(entry.statusListIndex), 'statusListIndex must be a decimal string');
  must(list.id === entry.statusListCredential, `the list calls itself ${list.id}`);
  must([list.type].flat().includes('BitstringStatusListCredential'), `the list has type ${list.type}`);
  must(subject.type === 'BitstringStatusList', `its subject has type ${subject.type}`);
  must(subject.statusPurpose === entry.statusPurpose, 'list and entry disagree on statusPurpose');
  must(subject.encodedList.startsWith('u'), 'encodedList must be multibase base64url');
  const bits = gunzipSync(Buffer.from(subject.encodedList.slice(1), 'base64url'));
  must(bits.length * 8 >= MINIMUM_BITS, `the list holds only ${bits.length * 8} entries`);
  const index = Number(entry.statusListIndex);
  must(index < bits.length * 8, `index ${index} lies beyond the list`);
  return (bits[index >> 3] & (0x80 >> (index & 7))) !== 0;
}

function must(condition, message) {
  if(!condition) {
    throw new Error(`status list: ${message}`);
  }
}
