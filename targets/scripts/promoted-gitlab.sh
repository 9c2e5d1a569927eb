found=$(curl -fsS -m 30 -G -H "JOB-TOKEN: $CI_JOB_TOKEN" -d 'environment=@environment@' -d status=success -d order_by=id -d sort=desc -d per_page=100 \
  "$CI_API_V4_URL/projects/$CI_PROJECT_ID/deployments")
case "$found" in
  *"\"sha\":\"$CI_COMMIT_SHA\""*) echo "promotion: $CI_COMMIT_SHA was deployed to @environment@ ok" ;;
  *) echo "promotion: $CI_COMMIT_SHA was never deployed to @environment@ failed"; exit 1 ;;
esac
