// Sizes as the server writes them: the page has one of each unit ("1.1 KB"), with its words and its decimal sign.
const UNITS = { Gb: 1024 ** 3, Mb: 1024 ** 2, Kb: 1024 };
const tenths = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  roundingMode: "halfEven",
  useGrouping: false,
});

export function written(bytes, samples) {
  const [unit, size] = Object.entries(UNITS).find(([, least]) => bytes >= least) ?? [];
  if (!unit) return samples[bytes === 1 ? "sizeByte" : "sizeBytes"].replace(/\d/, bytes);
  return samples[`size${unit}`].replace(/\d(\D)\d/, (_all, sign) => tenths.format(bytes / size).replace(".", sign));
}
