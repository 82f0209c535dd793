// How many pixels a picture has, read from its first bytes as the server reads them; 0 where they do not tell.
const HEAD = 512 * 1024; // telephones put small pictures and colours before the size

export async function countPixels(file) {
  const view = new DataView(await file.slice(0, HEAD).arrayBuffer());
  try {
    return (READERS[file.type] ?? (() => 0))(view);
  } catch (error) {
    if (error instanceof RangeError) return 0; // it ends too early; the server says what is wrong with it
    throw error;
  }
}

const READERS = {
  "image/png": (view) => (view.getUint32(0) === 0x89504e47 ? view.getUint32(16) * view.getUint32(20) : 0),
  "image/jpeg": ofJpeg,
  "image/gif": (view) => (view.getUint32(0) === 0x47494638 ? view.getUint16(6, true) * view.getUint16(8, true) : 0),
  "image/webp": ofWebp,
  "image/avif": ofAvif,
};

function ofJpeg(view) {
  let place = 2;
  while (view.getUint8(place) === 0xff) {
    const marker = view.getUint8(place + 1);
    if (marker >= 0xc0 && marker <= 0xc2) return view.getUint16(place + 5) * view.getUint16(place + 7);
    place += marker === 0xff ? 1 : 2 + view.getUint16(place + 2);
  }
  return 0;
}

function ofWebp(view) {
  if (view.getUint32(8) !== 0x57454250) return 0; // WEBP
  const little = true;
  const kind = view.getUint32(12);
  if (kind === 0x56503858) return ((view.getUint32(24, little) & 0xffffff) + 1) * ((view.getUint32(26, little) >>> 8) + 1); // VP8X
  if (kind === 0x56503820) return (view.getUint16(26, little) & 0x3fff) * (view.getUint16(28, little) & 0x3fff); // VP8
  if (kind !== 0x5650384c) return 0; // VP8L
  const bits = view.getUint32(21, little);
  return ((bits & 0x3fff) + 1) * (((bits >>> 14) & 0x3fff) + 1);
}

function ofAvif(view) {
  let most = 0;
  for (let place = 0; place + 16 <= view.byteLength; place++) {
    if (view.getUint32(place) === 0x69737065) most = Math.max(most, view.getUint32(place + 8) * view.getUint32(place + 12)); // ispe
  }
  return most;
}
