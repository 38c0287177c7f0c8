/**
 * Packs embeddings for the address: 8 bits a number, in base64url; 512 numbers take 684 characters.
 * Only the direction matters, so the largest number becomes 127. The cosine to the original is over .9999.
 */

/** @param {number[]} numbers */
export function packVector(numbers) {
  const scale = 127 / Math.max(...numbers.map(Math.abs));
  const bytes = Uint8Array.from(Int8Array.from(numbers, (value) => Math.round(value * scale)), (byte) => byte & 255);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text  @returns {number[]} empty if the text is not a packed vector */
export function unpackVector(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return Array.from(new Int8Array(bytes.buffer), (byte) => byte / 127).map((value) => Number(value.toFixed(4)));
  } catch {
    return [];
  }
}
