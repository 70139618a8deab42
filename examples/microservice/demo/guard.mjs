/**
 * Why a request is not served, or null. What the buttons do ends processes: no other page that is open in the same browser may do it. Such a page cannot
 * send the header without being asked for permission, which nobody gives, nor be of our origin; a name of its own that leads to 127.0.0.1 shows in Host.
 * @param {import('node:http').IncomingMessage} request
 * @param {string} port
 */
export function whyRefused({ method, headers }, port) {
    const hosts = ['127.0.0.1', 'localhost'].map(name => (port === '80' ? name : `${name}:${port}`));
    if (!hosts.includes(headers.host ?? '')) return `this is ${hosts[0]}, and not ${headers.host}`;
    if (method === 'GET' || method === 'HEAD') return null;
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
        return `requests from ${headers.origin} are not served`;
    }
    return headers['x-demo'] === undefined ? 'the header x-demo is missing: curl -H "x-demo: 1"' : null;
}
