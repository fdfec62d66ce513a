import { activate, convolution, dense, flatten, globalPooling, network, relu } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { analyticKernel } from '../dist/index.js';
const which = process.argv[2];
const [end,N,side,depth]= which==='flat'?[flatten,100,16,3]:[globalPooling('average'),20,8,10];
const data = new Float64Array(N*side*side*3).map((_,i)=>1+0.1*Math.sin(i*i*0.37));
const X=tensor(data,{backend:ndarrayBackend(),shape:[N,side,side,3]});
const layers = Array.from({ length: depth }, () => [convolution(1,[3,3],{biasVariance:0.1}),activate(relu)]);
const a=network([side,side,3],...layers.flat(),end,dense(1));
for(let r=0;r<3;r++){const c=process.cpuUsage();analyticKernel(a,{X});const e=process.cpuUsage(c);console.log(which,(e.user+e.system)/1e3,'ms cpu', (e.user+e.system)*1e3/(N*(N+(which==='flat'?-1:1))/2*(which==='flat'?side**2:side**4)*depth),'ns');}
