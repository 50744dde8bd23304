import { ACTION_PLUGIN } from './collection-runtime.ts';

/** The minor versions of ansible-core 2 that get a list of sanity tests to ignore. */
const SANITY_VERSIONS = [14, 15, 16, 17, 18, 19, 20, 21, 22];

/** Returns the lists of sanity tests to ignore, one file for each version of ansible-core. */
export function sanityIgnoreFiles(modules: readonly string[]) {
  return SANITY_VERSIONS.map((minor) => ({
    path: `tests/sanity/ignore-2.${minor}.txt`,
    content: [
      // The sanity test `action-plugin-docs` requires a documented module with the plugin's name.
      // None exists.
      `plugins/action/${ACTION_PLUGIN}.py action-plugin-docs`,
      ...modules.flatMap((name) => sanityIgnores(minor, name)),
    ]
      .join('\n')
      .concat('\n'),
  }));
}

/**
 * Returns the entries for the checks of `ansible-test sanity` that a module cannot pass. These
 * checks apply only to Python modules or to modules under Ansible's licence. The entries are tested
 * with ansible-core 2.14 and 2.19, which report a superfluous entry as an error.
 */
function sanityIgnores(minor: number, module: string): string[] {
  const executable = `plugins/modules/${module}`;
  return [
    `${executable} shebang`,
    `${executable} validate-modules:invalid-extension`,
    // ansible-core 2.14 parses the executable as Python, and stops at the syntax error.
    `${executable} validate-modules:${minor === 14 ? 'python-syntax-error' : 'missing-gplv3-license'}`,
    `${executable}.yml validate-modules:missing-gplv3-license`,
  ];
}
