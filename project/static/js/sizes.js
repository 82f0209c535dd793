// Sizes as the server writes them: the page has one of each unit ("1.1 KB"), with its words and its decimal sign.
const UNITS = { GB: 1024 ** 3, MB: 1024 ** 2, KB: 1024 };
const tenths = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  roundingMode: "halfEven",
  useGrouping: false,
});

export function written(bytes, samples) {
  const [unit, size] = Object.entries(UNITS).find(([, least]) => bytes >= least) ?? [];
  if (!unit) return samples[bytes === 1 ? "byte" : "bytes"].replace(/\d/, bytes);
  return samples[unit].replace(/\d(\D)\d/, (_all, sign) => tenths.format(bytes / size).replace(".", sign));
}
