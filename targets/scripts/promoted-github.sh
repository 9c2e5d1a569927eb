ids=$(gh api "repos/$GITHUB_REPOSITORY/deployments?environment=@environment@&sha=$GITHUB_SHA" --jq '.[].id')
for id in $ids; do
  state=$(gh api "repos/$GITHUB_REPOSITORY/deployments/$id/statuses" --jq '.[0].state')
  if [ "$state" = success ] || [ "$state" = inactive ]; then echo "promotion: $GITHUB_SHA was deployed to @environment@ ok"; exit 0; fi
done
echo "promotion: $GITHUB_SHA was never deployed to @environment@ failed"; exit 1
