const WORD = 0x100000000;

/** Numbers of up to this many digits are 32-bit integers, which V8 reads faster than doubles. */
const INTEGER_DIGITS = 9;

/** Reads decimal numbers of 64 bits, without a string or a bigint. */
export class Decimal {
    high = 0;
    low = 0;

    /**
     * Reads digits up to the first other byte, and returns the position of that byte. Returns -1
     * without a digit, or if the number exceeds 64 bits.
     */
    read(b: Buffer, start: number): number {
        const integerEnd = start + INTEGER_DIGITS;
        let at = start;
        let n = 0;
        let digit = b[at]! - 0x30;
        while (digit >= 0 && digit <= 9) {
            if (at === integerEnd) return this.readOn(b, at, n);
            n = n * 10 + digit;
            digit = b[++at]! - 0x30;
        }
        if (at === start) return -1;
        this.high = 0;
        this.low = n;
        return at;
    }

    /** Reads the rest of a longer number. */
    private readOn(b: Buffer, start: number, n: number): number {
        let at = start;
        let high = 0;
        let low = n;
        let digit = b[at]! - 0x30;
        while (digit >= 0 && digit <= 9) {
            low = low * 10 + digit;
            const carry = Math.floor(low / WORD);
            low -= carry * WORD;
            high = high * 10 + carry;
            if (high >= WORD) return -1;
            digit = b[++at]! - 0x30;
        }
        this.high = high;
        this.low = low;
        return at;
    }
}
