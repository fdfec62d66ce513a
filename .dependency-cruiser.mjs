/** Data flows one way between packages: what each may import. */
const allowed = {
  errors: [],
  linalg: ['errors'],
  'linalg-wasm': ['errors', 'linalg'],
  'linalg-blas': ['errors', 'linalg'],
  'linalg-tfjs': ['errors', 'linalg'],
  random: ['errors'],
  architecture: ['errors'],
  datasets: ['errors', 'random'],
  mlp: ['errors', 'linalg', 'random', 'architecture'],
  kernels: ['errors', 'linalg', 'architecture'],
  noise: ['errors', 'linalg'],
  sde: ['errors', 'random'],
  dynamics: ['errors', 'linalg', 'random', 'noise', 'sde'],
  plot: ['errors'],
};

/** Packages that run in the browser: Node's modules only where a file says it is for Node. */
const portable = Object.keys(allowed).filter((name) => name !== 'linalg-blas');

export default {
  forbidden: [
    // Types may refer to each other; code may not.
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(allowed).map(([name, targets]) => ({
      name: `${name}-imports-only-${targets.join('-') || 'nothing'}`,
      severity: 'error',
      from: { path: `^packages/${name}/src/` },
      to: { path: `^packages/(?!(${[name, ...targets].join('|')})/)` },
    })),
    {
      name: 'packages-do-not-import-apps',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'portable-packages-stay-out-of-node',
      severity: 'error',
      from: {
        path: `^packages/(${portable.join('|')})/src/`,
        pathNot: '^packages/(plot/src/png|sde/src/node)\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'nothing-unresolved', severity: 'error', from: { path: '/src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/node_modules/|/bench/|/examples/|\\.vitepress)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@sntk/source', 'import', 'default'],
    },
  },
};
