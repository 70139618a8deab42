import { parseArgs } from 'node:util';
import { PROTOCOLS } from './stage/protocols.mjs';

const USAGE = `npm run demo                       tell what there is to see, and end
npm run demo -- --serve            then keep running, with a live page at http://127.0.0.1:8080
npm run demo -- --serve --port 9000
npm run demo -- --protocol meta    both instances speak meta; binary does the same for binary
`;

/** Returns the arguments of the demo. Ends the process on an error, and for `--help`. */
export function readArguments() {
    try {
        const { values } = parseArgs({
            options: {
                serve: { type: 'boolean', default: false },
                port: { type: 'string' },
                protocol: { type: 'string' },
                help: { type: 'boolean', short: 'h' },
            },
        });
        const { serve, help } = values;
        const options = { serve, port: readPort(values.port), protocol: readProtocol(values.protocol) };
        if (!help) return options;
        process.stdout.write(USAGE);
        process.exit(0);
    } catch (error) {
        process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
        process.exit(2);
    }
}

/** @param {string | undefined} text */
function readPort(text) {
    if (text === undefined) return null;
    const port = Number(text);
    if (text !== '' && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
    throw new Error(`--port is ${text}, allowed: 0 to 65535`);
}

/** @param {string | undefined} text */
function readProtocol(text) {
    if (text === undefined) return null;
    const protocol = PROTOCOLS.find(name => name === text);
    if (protocol) return protocol;
    throw new Error(`--protocol is ${text}, allowed: ${PROTOCOLS.join(', ')}`);
}
