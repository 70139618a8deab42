/**
 * Returns the percentile of the numbers, or null for an empty list.
 * @param {readonly number[]} numbers
 * @param {number} percent
 */
export function percentile(numbers, percent) {
    if (numbers.length === 0) return null;
    const sorted = Float64Array.from(numbers).sort();
    return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? sorted[0];
}
