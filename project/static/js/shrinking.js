// A picture that is too large, or of a kind that is not accepted, redrawn to fit. Its metadata is lost on the way.
const LONGEST = [4096, 3072, 2048, 1536, 1024]; // pixels; the first is what every browser can draw
const QUALITY = 0.85;

/** Returns the smaller file; rejects where the browser cannot read the picture. */
export async function shrink(file, largest) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    // Only these are surely not transparent.
    const type = /^image\/(jpeg|heic|heif)$/.test(file.type) || !file.type ? "image/jpeg" : "image/webp";
    for (const longest of LONGEST) {
      const blob = await draw(picture, longest, type);
      if (blob.size <= largest) return new File([blob], rename(file.name, blob.type), { type: blob.type });
    }
    throw new Error("it does not fit");
  } finally {
    picture.close();
  }
}

async function draw(picture, longest, type) {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
  if (!blob) throw new Error("it cannot be drawn");
  return blob; // a browser that cannot write the type writes PNG
}

function rename(name, type) {
  return `${name.replace(/\.[^.]*$/, "") || name}.${{ "image/jpeg": "jpg", "image/webp": "webp" }[type] ?? "png"}`;
}
