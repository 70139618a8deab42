import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { invalidCredential, noCredential } from '../../component/errors';

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * Returns the text and the first certificate of a file. Checks that every certificate is valid.
 * @param key names the file in errors, which never quote its contents
 * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL
 */
export function readCertificates(key: string, file: string): { pem: string; first: X509Certificate } {
    const pem = read(key, file);
    const blocks = pem.match(CERTIFICATE) ?? [];
    if (blocks.length === 0)
        throw invalidCredential(key, 'expected a certificate in PEM (-----BEGIN CERTIFICATE-----)');
    if (blocks.length < pem.match(BEGIN)!.length) throw invalidCredential(key, 'it ends within a certificate');
    const [first] = blocks.map((block, i) => {
        try {
            return new X509Certificate(block);
        } catch {
            throw invalidCredential(key, `certificate ${i + 1} is malformed`);
        }
    });
    return { pem, first: first! };
}

/** Reads a private key. Throws NO_CREDENTIAL, INVALID_CREDENTIAL. */
export function readKey(key: string, file: string): KeyObject {
    const pem = read(key, file);
    if (pem.includes('ENCRYPTED')) throw invalidCredential(key, 'encrypted keys are not supported');
    try {
        return createPrivateKey(pem);
    } catch {
        throw invalidCredential(key, 'expected a private key in PEM (-----BEGIN PRIVATE KEY-----)');
    }
}

function read(key: string, file: string): string {
    try {
        return readFileSync(file, 'latin1');
    } catch (error) {
        throw noCredential(`cannot read ${key}: ${(error as Error).message}`);
    }
}
