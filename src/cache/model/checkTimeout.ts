import { invalidTimeout } from './errors';

/** @throws BadRequestException INVALID_TTL when a timeout is given that is not a number */
export function checkTimeout(timeout: unknown): void {
    if (timeout === null || timeout === undefined) return;
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) throw invalidTimeout(timeout);
}
