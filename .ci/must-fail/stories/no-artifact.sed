# trap-artifact-root: a job gets no file of the job before it
/^  needs:$/,/^    - build$/c\  needs: [{job: build, artifacts: false}]
