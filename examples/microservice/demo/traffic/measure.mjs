import { percentile } from './percentile.mjs';

/**
 * @typedef {object} Measured the answers of a period, as callers of the service see them
 * @property {number} requests
 * @property {number} failed
 * @property {number} misses the number of requests that needed a look-up in the catalogue
 * @property {number | null} hitRate the share of the requests that needed none, null without requests
 * @property {number | null} p50 in ms
 * @property {number | null} p99 in ms
 */

/**
 * @param {readonly import('./Traffic.mjs').Answer[]} answers
 * @returns {Measured}
 */
export function measure(answers) {
    const latencies = answers.map(({ ms }) => ms);
    const requests = answers.length;
    const misses = answers.filter(({ isMiss }) => isMiss).length;
    return {
        requests,
        failed: answers.filter(({ isFailed }) => isFailed).length,
        misses,
        hitRate: requests === 0 ? null : 1 - misses / requests,
        p50: percentile(latencies, 50),
        p99: percentile(latencies, 99),
    };
}
