import { generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
    /**
     * The certificate in PEM. A self-signed certificate is also the authority that a client must
     * trust.
     */
    cert: string;
    key: string;
    /** The first name of the certificate. */
    subject: string;
}

export interface CertificateOptions {
    /** The signing authority. The default is the certificate itself. */
    authority?: Certificate;
    /** The number of days until the certificate expires. A value of -1 means yesterday. */
    endsInDays?: number;
}

const DAY_MS = 86_400_000;
let lastSerial = 0;

/**
 * Creates a certificate for these names and addresses, valid from two days ago until tomorrow. This
 * code builds the certificate, because slim images have no `openssl` command.
 */
export function createCertificate(
    names: string[] = ['localhost', '127.0.0.1', '::1'],
    { authority, endsInDays = 1 }: CertificateOptions = {},
): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
    const subject = names[0] ?? 'localhost';
    const body = sequence(
        der(0xa0, integer(2)),
        integer((lastSerial = (lastSerial % 127) + 1)),
        ecdsaWithSha256,
        commonName(authority?.subject ?? subject),
        sequence(time(Date.now() - 2 * DAY_MS), time(Date.now() + endsInDays * DAY_MS)),
        commonName(subject),
        publicKey.export({ type: 'spki', format: 'der' }),
        der(0xa3, sequence(alternativeNames(names), isAuthority())),
    );
    const signature = sign('sha256', body, authority?.key ?? privateKey);
    const certificate = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
    return {
        cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        subject,
    };
}

function commonName(name: string): Buffer {
    return sequence(set(sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function alternativeNames(names: string[]): Buffer {
    const entries = names.map(name => (isIP(name) ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name))));
    return sequence(oid('551d11'), der(0x04, sequence(...entries)));
}

function isAuthority(): Buffer {
    const yes = der(0x01, Buffer.from([0xff]));
    return sequence(oid('551d13'), yes, der(0x04, sequence(yes)));
}

function addressBytes(address: string): Buffer {
    if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
    const [head = [], tail = []] = address.split('::').map(half => half.split(':').filter(Boolean));
    const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
    return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex');
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const set = (...parts: Buffer[]): Buffer => der(0x31, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));

function time(ms: number): Buffer {
    const utc = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
    return der(0x17, Buffer.from(utc.slice(2)));
}

/** Encodes a value in DER, which consists of a tag, a length and contents. */
function der(tag: number, ...parts: Buffer[]): Buffer {
    const contents = Buffer.concat(parts);
    const { length } = contents;
    const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
    return Buffer.concat([Buffer.from([tag, ...size]), contents]);
}
