/* @ts-self-types="./rxjs.d.ts" */
/*! rxjs 7.8.2, bundled by `deno task vendor`. Do not edit.

Apache License
                         Version 2.0, January 2004
                      http://www.apache.org/licenses/

 TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION

 1. Definitions.

    "License" shall mean the terms and conditions for use, reproduction,
    and distribution as defined by Sections 1 through 9 of this document.

    "Licensor" shall mean the copyright owner or entity authorized by
    the copyright owner that is granting the License.

    "Legal Entity" shall mean the union of the acting entity and all
    other entities that control, are controlled by, or are under common
    control with that entity. For the purposes of this definition,
    "control" means (i) the power, direct or indirect, to cause the
    direction or management of such entity, whether by contract or
    otherwise, or (ii) ownership of fifty percent (50%) or more of the
    outstanding shares, or (iii) beneficial ownership of such entity.

    "You" (or "Your") shall mean an individual or Legal Entity
    exercising permissions granted by this License.

    "Source" form shall mean the preferred form for making modifications,
    including but not limited to software source code, documentation
    source, and configuration files.

    "Object" form shall mean any form resulting from mechanical
    transformation or translation of a Source form, including but
    not limited to compiled object code, generated documentation,
    and conversions to other media types.

    "Work" shall mean the work of authorship, whether in Source or
    Object form, made available under the License, as indicated by a
    copyright notice that is included in or attached to the work
    (an example is provided in the Appendix below).

    "Derivative Works" shall mean any work, whether in Source or Object
    form, that is based on (or derived from) the Work and for which the
    editorial revisions, annotations, elaborations, or other modifications
    represent, as a whole, an original work of authorship. For the purposes
    of this License, Derivative Works shall not include works that remain
    separable from, or merely link (or bind by name) to the interfaces of,
    the Work and Derivative Works thereof.

    "Contribution" shall mean any work of authorship, including
    the original version of the Work and any modifications or additions
    to that Work or Derivative Works thereof, that is intentionally
    submitted to Licensor for inclusion in the Work by the copyright owner
    or by an individual or Legal Entity authorized to submit on behalf of
    the copyright owner. For the purposes of this definition, "submitted"
    means any form of electronic, verbal, or written communication sent
    to the Licensor or its representatives, including but not limited to
    communication on electronic mailing lists, source code control systems,
    and issue tracking systems that are managed by, or on behalf of, the
    Licensor for the purpose of discussing and improving the Work, but
    excluding communication that is conspicuously marked or otherwise
    designated in writing by the copyright owner as "Not a Contribution."

    "Contributor" shall mean Licensor and any individual or Legal Entity
    on behalf of whom a Contribution has been received by Licensor and
    subsequently incorporated within the Work.

 2. Grant of Copyright License. Subject to the terms and conditions of
    this License, each Contributor hereby grants to You a perpetual,
    worldwide, non-exclusive, no-charge, royalty-free, irrevocable
    copyright license to reproduce, prepare Derivative Works of,
    publicly display, publicly perform, sublicense, and distribute the
    Work and such Derivative Works in Source or Object form.

 3. Grant of Patent License. Subject to the terms and conditions of
    this License, each Contributor hereby grants to You a perpetual,
    worldwide, non-exclusive, no-charge, royalty-free, irrevocable
    (except as stated in this section) patent license to make, have made,
    use, offer to sell, sell, import, and otherwise transfer the Work,
    where such license applies only to those patent claims licensable
    by such Contributor that are necessarily infringed by their
    Contribution(s) alone or by combination of their Contribution(s)
    with the Work to which such Contribution(s) was submitted. If You
    institute patent litigation against any entity (including a
    cross-claim or counterclaim in a lawsuit) alleging that the Work
    or a Contribution incorporated within the Work constitutes direct
    or contributory patent infringement, then any patent licenses
    granted to You under this License for that Work shall terminate
    as of the date such litigation is filed.

 4. Redistribution. You may reproduce and distribute copies of the
    Work or Derivative Works thereof in any medium, with or without
    modifications, and in Source or Object form, provided that You
    meet the following conditions:

    (a) You must give any other recipients of the Work or
        Derivative Works a copy of this License; and

    (b) You must cause any modified files to carry prominent notices
        stating that You changed the files; and

    (c) You must retain, in the Source form of any Derivative Works
        that You distribute, all copyright, patent, trademark, and
        attribution notices from the Source form of the Work,
        excluding those notices that do not pertain to any part of
        the Derivative Works; and

    (d) If the Work includes a "NOTICE" text file as part of its
        distribution, then any Derivative Works that You distribute must
        include a readable copy of the attribution notices contained
        within such NOTICE file, excluding those notices that do not
        pertain to any part of the Derivative Works, in at least one
        of the following places: within a NOTICE text file distributed
        as part of the Derivative Works; within the Source form or
        documentation, if provided along with the Derivative Works; or,
        within a display generated by the Derivative Works, if and
        wherever such third-party notices normally appear. The contents
        of the NOTICE file are for informational purposes only and
        do not modify the License. You may add Your own attribution
        notices within Derivative Works that You distribute, alongside
        or as an addendum to the NOTICE text from the Work, provided
        that such additional attribution notices cannot be construed
        as modifying the License.

    You may add Your own copyright statement to Your modifications and
    may provide additional or different license terms and conditions
    for use, reproduction, or distribution of Your modifications, or
    for any such Derivative Works as a whole, provided Your use,
    reproduction, and distribution of the Work otherwise complies with
    the conditions stated in this License.

 5. Submission of Contributions. Unless You explicitly state otherwise,
    any Contribution intentionally submitted for inclusion in the Work
    by You to the Licensor shall be under the terms and conditions of
    this License, without any additional terms or conditions.
    Notwithstanding the above, nothing herein shall supersede or modify
    the terms of any separate license agreement you may have executed
    with Licensor regarding such Contributions.

 6. Trademarks. This License does not grant permission to use the trade
    names, trademarks, service marks, or product names of the Licensor,
    except as required for reasonable and customary use in describing the
    origin of the Work and reproducing the content of the NOTICE file.

 7. Disclaimer of Warranty. Unless required by applicable law or
    agreed to in writing, Licensor provides the Work (and each
    Contributor provides its Contributions) on an "AS IS" BASIS,
    WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or
    implied, including, without limitation, any warranties or conditions
    of TITLE, NON-INFRINGEMENT, MERCHANTABILITY, or FITNESS FOR A
    PARTICULAR PURPOSE. You are solely responsible for determining the
    appropriateness of using or redistributing the Work and assume any
    risks associated with Your exercise of permissions under this License.

 8. Limitation of Liability. In no event and under no legal theory,
    whether in tort (including negligence), contract, or otherwise,
    unless required by applicable law (such as deliberate and grossly
    negligent acts) or agreed to in writing, shall any Contributor be
    liable to You for damages, including any direct, indirect, special,
    incidental, or consequential damages of any character arising as a
    result of this License or out of the use or inability to use the
    Work (including but not limited to damages for loss of goodwill,
    work stoppage, computer failure or malfunction, or any and all
    other commercial damages or losses), even if such Contributor
    has been advised of the possibility of such damages.

 9. Accepting Warranty or Additional Liability. While redistributing
    the Work or Derivative Works thereof, You may choose to offer,
    and charge a fee for, acceptance of support, warranty, indemnity,
    or other liability obligations and/or rights consistent with this
    License. However, in accepting such obligations, You may act only
    on Your own behalf and on Your sole responsibility, not on behalf
    of any other Contributor, and only if You agree to indemnify,
    defend, and hold each Contributor harmless for any liability
    incurred by, or claims asserted against, such Contributor by reason
    of your accepting any such warranty or additional liability.

 END OF TERMS AND CONDITIONS

 APPENDIX: How to apply the Apache License to your work.

    To apply the Apache License to your work, attach the following
    boilerplate notice, with the fields enclosed by brackets "[]"
    replaced with your own identifying information. (Don't include
    the brackets!)  The text should be enclosed in the appropriate
    comment syntax for the file format. We also recommend that a
    file or class name and description of purpose be included on the
    same "printed page" as the copyright notice for easier
    identification within third-party archives.

 Copyright (c) 2015-2018 Google, Inc., Netflix, Inc., Microsoft Corp. and contributors

 Licensed under the Apache License, Version 2.0 (the "License");
 you may not use this file except in compliance with the License.
 You may obtain a copy of the License at

     http://www.apache.org/licenses/LICENSE-2.0

 Unless required by applicable law or agreed to in writing, software
 distributed under the License is distributed on an "AS IS" BASIS,
 WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 See the License for the specific language governing permissions and
 limitations under the License.
*/
// deno-fmt-ignore-file
// deno-lint-ignore-file
function n(e){return typeof e=="function"}function v(e){let t=e(i=>{Error.call(i),i.stack=new Error().stack});return t.prototype=Object.create(Error.prototype),t.prototype.constructor=t,t}var x=v(e=>function(t){e(this),this.message=t?`${t.length} errors occurred during unsubscription:
${t.map((i,o)=>`${o+1}) ${i.toString()}`).join(`
  `)}`:"",this.name="UnsubscriptionError",this.errors=t});function b(e,r){if(e){let t=e.indexOf(r);0<=t&&e.splice(t,1)}}var u=class e{constructor(r){this.initialTeardown=r,this.closed=!1,this._parentage=null,this._finalizers=null}unsubscribe(){let r;if(!this.closed){this.closed=!0;let{_parentage:t}=this;if(t)if(this._parentage=null,Array.isArray(t))for(let s of t)s.remove(this);else t.remove(this);let{initialTeardown:i}=this;if(n(i))try{i()}catch(s){r=s instanceof x?s.errors:[s]}let{_finalizers:o}=this;if(o){this._finalizers=null;for(let s of o)try{O(s)}catch(l){r=r??[],l instanceof x?r=[...r,...l.errors]:r.push(l)}}if(r)throw new x(r)}}add(r){var t;if(r&&r!==this)if(this.closed)O(r);else{if(r instanceof e){if(r.closed||r._hasParent(this))return;r._addParent(this)}(this._finalizers=(t=this._finalizers)!==null&&t!==void 0?t:[]).push(r)}}_hasParent(r){let{_parentage:t}=this;return t===r||Array.isArray(t)&&t.includes(r)}_addParent(r){let{_parentage:t}=this;this._parentage=Array.isArray(t)?(t.push(r),t):t?[t,r]:r}_removeParent(r){let{_parentage:t}=this;t===r?this._parentage=null:Array.isArray(t)&&b(t,r)}remove(r){let{_finalizers:t}=this;t&&b(t,r),r instanceof e&&r._removeParent(this)}};u.EMPTY=(()=>{let e=new u;return e.closed=!0,e})();var g=u.EMPTY;function E(e){return e instanceof u||e&&"closed"in e&&n(e.remove)&&n(e.add)&&n(e.unsubscribe)}function O(e){n(e)?e():e.unsubscribe()}var c={onUnhandledError:null,onStoppedNotification:null,Promise:void 0,useDeprecatedSynchronousErrorHandling:!1,useDeprecatedNextContext:!1};var a={setTimeout(e,r,...t){let{delegate:i}=a;return i?.setTimeout?i.setTimeout(e,r,...t):setTimeout(e,r,...t)},clearTimeout(e){let{delegate:r}=a;return(r?.clearTimeout||clearTimeout)(e)},delegate:void 0};function U(e){a.setTimeout(()=>{let{onUnhandledError:r}=c;if(r)r(e);else throw e})}function w(){}var F=T("C",void 0,void 0);function A(e){return T("E",void 0,e)}function z(e){return T("N",e,void 0)}function T(e,r,t){return{kind:e,value:r,error:t}}var p=null;function f(e){if(c.useDeprecatedSynchronousErrorHandling){let r=!p;if(r&&(p={errorThrown:!1,error:null}),e(),r){let{errorThrown:t,error:i}=p;if(p=null,t)throw i}}else e()}function R(e){c.useDeprecatedSynchronousErrorHandling&&p&&(p.errorThrown=!0,p.error=e)}var m=class extends u{constructor(r){super(),this.isStopped=!1,r?(this.destination=r,E(r)&&r.add(this)):this.destination=N}static create(r,t,i){return new d(r,t,i)}next(r){this.isStopped?I(z(r),this):this._next(r)}error(r){this.isStopped?I(A(r),this):(this.isStopped=!0,this._error(r))}complete(){this.isStopped?I(F,this):(this.isStopped=!0,this._complete())}unsubscribe(){this.closed||(this.isStopped=!0,super.unsubscribe(),this.destination=null)}_next(r){this.destination.next(r)}_error(r){try{this.destination.error(r)}finally{this.unsubscribe()}}_complete(){try{this.destination.complete()}finally{this.unsubscribe()}}},k=Function.prototype.bind;function P(e,r){return k.call(e,r)}var C=class{constructor(r){this.partialObserver=r}next(r){let{partialObserver:t}=this;if(t.next)try{t.next(r)}catch(i){S(i)}}error(r){let{partialObserver:t}=this;if(t.error)try{t.error(r)}catch(i){S(i)}else S(r)}complete(){let{partialObserver:r}=this;if(r.complete)try{r.complete()}catch(t){S(t)}}},d=class extends m{constructor(r,t,i){super();let o;if(n(r)||!r)o={next:r??void 0,error:t??void 0,complete:i??void 0};else{let s;this&&c.useDeprecatedNextContext?(s=Object.create(r),s.unsubscribe=()=>this.unsubscribe(),o={next:r.next&&P(r.next,s),error:r.error&&P(r.error,s),complete:r.complete&&P(r.complete,s)}):o=r}this.destination=new C(o)}};function S(e){c.useDeprecatedSynchronousErrorHandling?R(e):U(e)}function B(e){throw e}function I(e,r){let{onStoppedNotification:t}=c;t&&a.setTimeout(()=>t(e,r))}var N={closed:!0,next:w,error:B,complete:w};var j=typeof Symbol=="function"&&Symbol.observable||"@@observable";function M(e){return e}function D(e){return e.length===0?M:e.length===1?e[0]:function(t){return e.reduce((i,o)=>o(i),t)}}var h=class e{constructor(r){r&&(this._subscribe=r)}lift(r){let t=new e;return t.source=this,t.operator=r,t}subscribe(r,t,i){let o=V(r)?r:new d(r,t,i);return f(()=>{let{operator:s,source:l}=this;o.add(s?s.call(o,l):l?this._subscribe(o):this._trySubscribe(o))}),o}_trySubscribe(r){try{return this._subscribe(r)}catch(t){r.error(t)}}forEach(r,t){return t=H(t),new t((i,o)=>{let s=new d({next:l=>{try{r(l)}catch($){o($),s.unsubscribe()}},error:o,complete:i});this.subscribe(s)})}_subscribe(r){var t;return(t=this.source)===null||t===void 0?void 0:t.subscribe(r)}[j](){return this}pipe(...r){return D(r)(this)}toPromise(r){return r=H(r),new r((t,i)=>{let o;this.subscribe(s=>o=s,s=>i(s),()=>t(o))})}};h.create=e=>new h(e);function H(e){var r;return(r=e??c.Promise)!==null&&r!==void 0?r:Promise}function L(e){return e&&n(e.next)&&n(e.error)&&n(e.complete)}function V(e){return e&&e instanceof m||L(e)&&E(e)}var Y=v(e=>function(){e(this),this.name="ObjectUnsubscribedError",this.message="object unsubscribed"});var _=class extends h{constructor(){super(),this.closed=!1,this.currentObservers=null,this.observers=[],this.isStopped=!1,this.hasError=!1,this.thrownError=null}lift(r){let t=new y(this,this);return t.operator=r,t}_throwIfClosed(){if(this.closed)throw new Y}next(r){f(()=>{if(this._throwIfClosed(),!this.isStopped){this.currentObservers||(this.currentObservers=Array.from(this.observers));for(let t of this.currentObservers)t.next(r)}})}error(r){f(()=>{if(this._throwIfClosed(),!this.isStopped){this.hasError=this.isStopped=!0,this.thrownError=r;let{observers:t}=this;for(;t.length;)t.shift().error(r)}})}complete(){f(()=>{if(this._throwIfClosed(),!this.isStopped){this.isStopped=!0;let{observers:r}=this;for(;r.length;)r.shift().complete()}})}unsubscribe(){this.isStopped=this.closed=!0,this.observers=this.currentObservers=null}get observed(){var r;return((r=this.observers)===null||r===void 0?void 0:r.length)>0}_trySubscribe(r){return this._throwIfClosed(),super._trySubscribe(r)}_subscribe(r){return this._throwIfClosed(),this._checkFinalizedStatuses(r),this._innerSubscribe(r)}_innerSubscribe(r){let{hasError:t,isStopped:i,observers:o}=this;return t||i?g:(this.currentObservers=null,o.push(r),new u(()=>{this.currentObservers=null,b(o,r)}))}_checkFinalizedStatuses(r){let{hasError:t,thrownError:i,isStopped:o}=this;t?r.error(i):o&&r.complete()}asObservable(){let r=new h;return r.source=this,r}};_.create=(e,r)=>new y(e,r);var y=class extends _{constructor(r,t){super(),this.destination=r,this.source=t}next(r){var t,i;(i=(t=this.destination)===null||t===void 0?void 0:t.next)===null||i===void 0||i.call(t,r)}error(r){var t,i;(i=(t=this.destination)===null||t===void 0?void 0:t.error)===null||i===void 0||i.call(t,r)}complete(){var r,t;(t=(r=this.destination)===null||r===void 0?void 0:r.complete)===null||t===void 0||t.call(r)}_subscribe(r){var t,i;return(i=(t=this.source)===null||t===void 0?void 0:t.subscribe(r))!==null&&i!==void 0?i:g}};export{_ as Subject};
