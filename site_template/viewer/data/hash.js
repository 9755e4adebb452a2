/** A fast, non-cryptographic hash of texts, for stable choices. Pure. */

/**
 * FNV-1a over UTF-16 code units, then one round of Murmur3's finalizer, so that similar texts differ in all bits.
 *
 * @param {string} text
 * @returns {number} 0..2^32-1
 */
export function hashText(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
