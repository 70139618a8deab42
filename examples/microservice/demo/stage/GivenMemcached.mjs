/** The memcached of the user, which the demo neither finds by name nor kills. */
export class GivenMemcached {
    /** @param {{ host: string, port: number }} server */
    constructor({ host, port }) {
        this.direct = { host, port };
        this.address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
        this.uri = `memcached://${this.address}`;
    }

    get servers() {
        return [{ ...this.direct, name: 'memcached', address: this.address, pid: null }];
    }

    /** How the user gets a fleet of the demo instead. */
    get advice() {
        return process.env.MEMCACHED_SERVICE_HOST
            ? 'Without MEMCACHED_SERVICE_HOST it starts three of its own.'
            : 'With memcached installed on this machine it starts three of its own.';
    }

    async end() {}
}
