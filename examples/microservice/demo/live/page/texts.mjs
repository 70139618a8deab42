/** @param {number} number */
export const count = number => number.toLocaleString('en-US');

/** @param {number | null | undefined} ms */
export const milliseconds = ms => (ms === null || ms === undefined ? '–' : ms.toFixed(ms < 10 ? 1 : 0));

/** @param {number | null} share */
export const percent = share => (share === null ? '–' : (share * 100).toFixed(1));

/** @param {number} atMs */
export const clock = atMs => new Date(atMs).toLocaleTimeString('en-GB');
