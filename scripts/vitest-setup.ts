import fc from 'fast-check';

// Property tests look at new cases on every run of a developer, and at the same ones where a merge depends on them.
if (process.env.CI) fc.configureGlobal({ seed: 20_260_101 });
