import { Comment, CommentTag, Converter } from 'typedoc';

/**
 * The categories of the API reference, by the file of a declaration. The first match counts.
 * `categoryOrder` of typedoc.json has the same names.
 * @type {[RegExp, string][]}
 */
const CATEGORIES = [
    [/memcached-node\/src\/.*(errors|errorCodes)\.ts$/, 'Errors'],
    [/memcached-node\/src\/diagnostics\/tracing\.ts$/, 'Traces'],
    [/memcached-node\/src\/(diagnostics\/|.*(counterNames|logLines|Metrics|HealthReport)\.ts$)/, 'Metrics and logs'],
    [/memcached-node\/src\/client\/memjs\//, 'Callbacks of memjs'],
    [/memcached-node\/src\/client\//, 'Client'],
    [/memcached-node\/src\/cache\//, 'Cache'],
    [/memcached-node\/src\/lock\//, 'Lock'],
    [/memcached-node\/src\/keyv\//, 'Keyv'],
    [/memcached-node\/src\/(connect|build|component)\//, 'Connection'],
    [/components-node\/src\/config\//, 'Configuration'],
    [/config-node\/src\/(config|build)\//, 'Configuration'],
    [/config-node\/src\/(auth|connect)\//, 'Connections and credentials'],
    [/components-node\/src\/(refer|build)\//, 'References and factories'],
    [/components-node\/src\/(run|context)\//, 'Life cycle and context'],
    [/logic-node\/src\//, 'Caches and locks in memory'],
];

/**
 * Gives each export a category, as a plugin of TypeDoc. So the sources need no tags, and no export
 * can be without one.
 * @param {import('typedoc').Application} app
 */
export function load(app) {
    app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
        for (const module of project.children ?? []) {
            for (const exported of module.children ?? []) {
                const { packageName, packagePath } = project.getSymbolIdFromReflection(exported);
                const path = `${packageName}/${packagePath}`;
                const category = CATEGORIES.find(([pattern]) => pattern.test(path))?.[1];
                if (category === undefined) app.logger.warn(`${exported.getFullName()} of ${path} has no category`);
                // TypeDoc asks only for comments of the main package.
                if (!exported.hasComment() && !exported.signatures)
                    app.logger.warn(`${exported.getFullName()} has no comment`);
                exported.comment ??= new Comment();
                exported.comment.blockTags.push(
                    new CommentTag('@category', [{ kind: 'text', text: category ?? 'Other' }]),
                );
            }
        }
    });
}
